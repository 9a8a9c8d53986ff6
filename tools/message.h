/* Exit codes, and messages on standard error. */
#ifndef TOOL_MESSAGE_H
#define TOOL_MESSAGE_H

#include <stddef.h>

/* Exit codes; 0 says that all went well. */
enum {
    TOOL_FINE = 0,
    TOOL_BROKEN = 1, /* the trace is broken; what could be read was printed */
    TOOL_FAILED = 2  /* wrong usage, or a file cannot be opened, read or written */
};

/* Print "tracereader: ..." and a line feed to standard error. Control characters in it, as of a
 * file's name, become \x... */
void tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what nobody can go on without. */
_Noreturn void tool_no_memory(void);

/* Write to standard error at once. A failure is nobody's business. */
void tool_stderr(const char *s, size_t len);

#endif
