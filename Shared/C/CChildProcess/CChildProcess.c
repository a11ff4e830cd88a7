#define _GNU_SOURCE
#include "CChildProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int limit(int resource, unsigned long long value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return -1;
    // A limit that is lower already stays.
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
    const struct rlimit wanted = {value, value};
    return setrlimit(resource, &wanted);
}

// Only async-signal-safe calls: other threads of the parent may have held locks at the fork.
static int prepare(const char *folder, const struct child_limits *limits, int report) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++) sigaction(number, &standard, 0);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, 0) != 0) return -1;
    if (setpgid(0, 0) != 0) return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_AS, limits->memory) != 0 ||
        limit(RLIMIT_CPU, limits->processor_seconds) != 0 || limit(RLIMIT_FSIZE, limits->file_bytes) != 0)
        return -1;
    if (chdir(folder) != 0) return -1;
    umask(077);
    const int nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0) return -1;
    for (int stream = 0; stream < 3; stream++)
        if (dup2(nowhere, stream) < 0) return -1;
    // All but the report, which closes itself when the program begins.
    if (report > 3 && syscall(SYS_close_range, 3u, (unsigned)report - 1, 0u) != 0) return -1;
    if (syscall(SYS_close_range, (unsigned)report + 1, ~0u, 0u) != 0) return -1;
    return limit(RLIMIT_NOFILE, limits->descriptors);
}

int child_start(
    const char *program, char *const arguments[], char *const environment[], const char *folder,
    const struct child_limits *limits) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    // No handler of the parent may run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child == 0) {
        // Above the standard streams, which are replaced.
        report[1] = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
        if (report[1] < 0) _exit(126);
        if (prepare(folder, limits, report[1]) == 0) execve(program, arguments, environment);
        const int number = errno;
        if (write(report[1], &number, sizeof number) < 0) _exit(126);
        _exit(127);
    }
    const int failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return -failure;
    }
    int number = 0;
    ssize_t count;
    do count = read(report[0], &number, sizeof number);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count != (ssize_t)sizeof number) return child;
    while (waitpid(child, 0, 0) < 0 && errno == EINTR) {
    }
    return -number;
}
