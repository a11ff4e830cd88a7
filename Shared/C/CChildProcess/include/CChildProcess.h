#pragma once

/// What a program may take before the kernel ends it.
struct child_limits {
    /// Bytes of address space (RLIMIT_AS).
    unsigned long long memory;
    /// Seconds of processor time (RLIMIT_CPU).
    unsigned long long processor_seconds;
    /// Bytes of any file that it writes (RLIMIT_FSIZE).
    unsigned long long file_bytes;
    /// Descriptors (RLIMIT_NOFILE).
    unsigned long long descriptors;
};

/// Starts a program in a process group of its own, in `folder`, with nothing to read and nowhere to speak to: its
/// standard streams are /dev/null, and no other descriptor is handed on. It cannot gain privileges, leaves no core
/// file, and dies with the thread that started it.
///
/// Swift cannot fork, and posix_spawn cannot set limits.
///
/// Returns the process id, or a negated errno.
int child_start(
    const char *program, char *const arguments[], char *const environment[], const char *folder,
    const struct child_limits *limits);
