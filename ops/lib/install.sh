# shellcheck shell=bash
# Debian packages: finds out which are missing and installs only those. Needs terminal.sh and cleanup.sh.
# A daemon that comes with a package is neither started nor enabled: the scripts start private servers of their own.

# What the libraries link with.
# Each script asks for the groups that it needs.
# shellcheck disable=SC2034
packages_build=(
    librabbitmq-dev libhiredis-dev libopenblas-dev libdnnl-dev libnifti-dev zlib1g-dev libsqlite3-dev libssl-dev pkg-config
    libpng-dev libjpeg62-turbo-dev libdeflate-dev
)
# What built programs run with.
# shellcheck disable=SC2034
packages_run=(
    librabbitmq4 libhiredis0.14 libopenblas0-pthread libdnnl2 libgomp1 libnifti2-2 libznz3 zlib1g libsqlite3-0 libssl3
    libpng16-16 libjpeg62-turbo libdeflate0
)
# What the services start to read DICOM: dcm2niix, and gdcmconv for compressed pixels.
# shellcheck disable=SC2034
packages_images=(dcm2niix libgdcm-tools)
# What the demo and the integration tests start.
# shellcheck disable=SC2034
packages_servers=(rabbitmq-server redis-server)
# What the tests check with.
# shellcheck disable=SC2034
packages_tests=(python3 python3-venv openssl)

# Prints those of PACKAGE... that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done
}

# install_packages PACKAGE...: afterwards they are there, or the script has ended with what to do.
install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        warn packages "not a Debian system: taking for granted that these, or their like, are there: $*"
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        good packages "all there"
        return
    fi

    local as_root=()
    if ((EUID != 0)); then
        as_root=(sudo)
        if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
            die 69 "These Debian packages are missing, and this user may not install them: ${missing[*]}" \
                "As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        fi
        # Asks for the password now, where it can be seen, if it must be asked for at all.
        sudo -n true 2>/dev/null || { say "  Installing ${missing[*]} (sudo may ask for your password)" && sudo true; }
    fi

    local log=$logs_folder/packages.log began

    began=$(stopwatch)
    progress packages "installing ${missing[*]}"
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 bash -c "$install_quietly" install "${missing[@]}" \
        >"$log" 2>&1 </dev/null; then
        show_end "$log" 15
        die 69 "apt-get could not install ${missing[*]}." \
            "Mend what it says, or install them by hand, and start this again."
    fi
    good packages "installed ${missing[*]} ($(since "$began"))"
}

# Runs as root. While it runs, a policy keeps packages from starting daemons; a policy that was there before stays,
# and ours goes away however this ends. Units that come new are disabled, so that a restart does not start them either.
# shellcheck disable=SC2016
install_quietly='
set -euo pipefail
policy=/usr/sbin/policy-rc.d
trap "exit 143" HUP INT TERM
if [[ ! -e $policy ]]; then
    trap "rm -f -- $policy" EXIT
    printf "%s\n" "#!/bin/sh" "# Of OncoRelay, while it installs packages; safe to remove." "exit 101" >"$policy"
    chmod 755 "$policy"
fi
units() {
    command -v systemctl >/dev/null || return 0
    systemctl list-unit-files --no-legend rabbitmq-server.service redis-server.service epmd.service epmd.socket \
        2>/dev/null | cut -d " " -f 1 | sort
}
before=$(units || true)
apt-get update || echo "apt-get update failed; trying with the lists that are there"
apt-get install --yes --no-install-recommends "$@"
comm -13 <(echo "$before") <(units || true) | while read -r unit; do
    [[ -z $unit ]] || systemctl disable "$unit" || true
done
'
