/* Messages.
 *
 * Invariant: each goes to standard error in one write. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tool_stderr(const char *s, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, s, len);
    (void)ignored;
}

void tool_complain(const char *format, ...)
{
    static const char prefix[] = "tracereader: ";
    char line[8192];
    size_t at = sizeof prefix - 1;
    va_list args;
    int len;

    memcpy(line, prefix, at);
    va_start(args, format);
    len = vsnprintf(line + at, sizeof line - at, format, args);
    va_end(args);
    if (len > 0)
        at += (size_t)len < sizeof line - at ? (size_t)len : sizeof line - at - 1;
    line[at++] = '\n';
    tool_stderr(line, at);
}

void tool_no_memory(void)
{
    tool_complain("out of memory");
    exit(TOOL_FAILED);
}
