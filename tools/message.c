/* Messages.
 *
 * Invariants: each goes to standard error in one write, and is one line without anything that
 * could steer a terminal, whatever the names in it. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

void tool_stderr(const char *s, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, s, len);
    (void)ignored;
}

void tool_complain(const char *format, ...)
{
    static const char prefix[] = "tracereader: ";
    char text[8192], line[2 * sizeof text];
    size_t at = sizeof prefix - 1;
    tr_str rest = {text, 0};
    va_list args;
    int len;

    memcpy(line, prefix, at);
    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0)
        rest.len = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    while (rest.len > 0 && at < sizeof line - TOOL_CLEAN_BYTES)
        at += tool_clean(&rest, line + at);
    line[at++] = '\n';
    tool_stderr(line, at);
}

void tool_no_memory(void)
{
    tool_complain("out of memory");
    exit(TOOL_FAILED);
}
