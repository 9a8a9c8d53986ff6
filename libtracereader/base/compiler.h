/* What the compiler is told beyond the language. */
#ifndef TRI_BASE_COMPILER_H
#define TRI_BASE_COMPILER_H

/* TRI_APART: a function stays out of its callers, which then need fewer registers.
 * TRI_COLD: and it hardly ever runs. */
#if defined(__GNUC__)
#define TRI_APART __attribute__((noinline))
#define TRI_COLD __attribute__((cold, noinline))
#else
#define TRI_APART
#define TRI_COLD
#endif

#endif
