#include "processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long long enabled_states(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((unsigned long long)high << 32) | low;
}

// Linux gives tile registers only to a process that asks for them.
static bool request_tiles(void) {
    const long arch_req_xcomp_perm = 0x1023, xfeature_tile_data = 18;
    return syscall(SYS_arch_prctl, arch_req_xcomp_perm, xfeature_tile_data) == 0;
}

static ork_processor detect(void) {
    ork_processor found = {0};
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
    bool has_xsave = c & (1u << 27), has_fma = c & (1u << 12), has_half = c & (1u << 29);
    if (!has_xsave) return found;
    unsigned long long states = enabled_states();
    bool ymm = (states & 0x6) == 0x6, zmm = (states & 0xe6) == 0xe6, tiles = (states & 0x60000) == 0x60000;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
    found.avx2 = ymm && has_fma && has_half && (b & (1u << 5));
    const unsigned needed = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
    found.avx512 = zmm && found.avx2 && (b & needed) == needed;
    bool amx = (d & (1u << 22)) && (d & (1u << 24));
    unsigned a1 = 0, b1, c1, d1;
    if (a >= 1) __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1);
    found.avx512_bf16 = found.avx512 && (a1 & (1u << 5));
    found.amx_bf16 = tiles && amx && found.avx512_bf16 && request_tiles();
    return found;
}
#else
static ork_processor detect(void) { return (ork_processor){0}; }
#endif

ork_processor ork_processor_features(void) {
    static ork_processor features;
    static int state;  // 0 unknown, 1 known; detection twice does no harm
    if (!__atomic_load_n(&state, __ATOMIC_ACQUIRE)) {
        ork_processor found = detect();
        features = found;
        __atomic_store_n(&state, 1, __ATOMIC_RELEASE);
    }
    return features;
}
