/* What the compiler is told beyond the language. */
#ifndef TRI_BASE_COMPILER_H
#define TRI_BASE_COMPILER_H

/* TRI_APART: a function stays out of its callers, which then need fewer registers.
 * TRI_COLD: and it hardly ever runs. TRI_INLINE: it is part of its callers.
 * TRI_LIKELY, TRI_UNLIKELY: which way a branch goes. TRI_CHOSEN: which of two values a variable has
 * cannot be guessed, so that it is better chosen than branched for. TRI_PREFETCH: what is at an
 * address, which need not be valid, will be needed soon. TRI_UNROLLED, in front of a loop: four
 * rounds at a time. */
#if !defined(__GNUC__)
#error "libtracereader is written in GNU C, which gcc and clang compile"
#endif

#define TRI_INLINE inline __attribute__((always_inline))
#define TRI_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define TRI_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
/* What comes later is not to be moved into both ways of a branch, so that there need be none. */
#define TRI_CHOSEN(variable) __asm__("" : "+r"(variable))
#define TRI_PREFETCH(address) __builtin_prefetch(address)
#define TRI_APART __attribute__((noinline))
#define TRI_COLD __attribute__((cold, noinline))

#if defined(__clang__)
#define TRI_UNROLLED _Pragma("clang loop unroll_count(4)")
#else
#define TRI_UNROLLED _Pragma("GCC unroll 4")
#endif

#endif
