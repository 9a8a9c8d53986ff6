/* Standard output through a large buffer, and numbers for people to read.
 *
 * Invariants: after the first failure nothing is written any more and `error`
 * stays; `len` never exceeds `size`. The standard library's streams are not used:
 * event text is formatted right into the buffer. */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

enum { BUFFER_SIZE = 256 * 1024 };

void tool_output_init(struct tool_output *out)
{
    memset(out, 0, sizeof *out);
}

static void write_all(struct tool_output *out, const char *s, size_t len)
{
    while (len > 0 && out->error == 0) {
        ssize_t n = write(STDOUT_FILENO, s, len);
        if (n >= 0) {
            s += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Somebody made the descriptor one that does not wait. */
            struct pollfd ready = {STDOUT_FILENO, POLLOUT, 0};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            out->error = errno;
        }
    }
}

void tool_output_flush(struct tool_output *out)
{
    write_all(out, out->buf, out->len);
    out->len = 0;
}

int tool_output_end(struct tool_output *out, int code)
{
    tool_output_flush(out);
    /* Some file systems tell only now that there was no space. */
    if (close(STDOUT_FILENO) != 0 && out->error == 0 && errno != EINTR)
        out->error = errno;
    free(out->buf);
    out->buf = NULL;
    out->size = 0;
    if (out->error == 0 || out->error == EPIPE)
        return code;
    tool_complain("standard output: %s", strerror(out->error));
    return TOOL_FAILED;
}

int tool_output_reserve(struct tool_output *out, size_t want)
{
    size_t size = out->size ? out->size : BUFFER_SIZE;
    char *bigger;

    if (out->error == 0 && out->size - out->len < want)
        tool_output_flush(out);
    if (out->error != 0)
        return -1;
    if (out->size - out->len >= want)
        return 0;
    while (size < want)
        size = size > SIZE_MAX / 2 ? want : size * 2;
    bigger = realloc(out->buf, size);
    if (!bigger) {
        out->error = ENOMEM;
        return -1;
    }
    out->buf = bigger;
    out->size = size;
    return 0;
}

void tool_output_bytes(struct tool_output *out, const char *s, size_t len)
{
    if (len == 0 || tool_output_reserve(out, len) != 0)
        return;
    memcpy(out->buf + out->len, s, len);
    out->len += len;
}

void tool_output_line(struct tool_output *out, tool_output_text text, const void *of)
{
    size_t len;
    /* A text may become longer meanwhile: one whose frames found no memory at first. */
    for (;;) {
        size_t room = out->size - out->len;
        len = text(of, room ? out->buf + out->len : NULL, room);
        if (len < room)
            break;
        if (tool_output_reserve(out, len + 1) != 0)
            return;
    }
    /* The line feed takes the place of the NUL. */
    out->buf[out->len + len] = '\n';
    out->len += len + 1;
}

void tool_output_str(struct tool_output *out, const char *s)
{
    tool_output_bytes(out, s, strlen(s));
}

void tool_output_printf(struct tool_output *out, const char *format, ...)
{
    va_list args;
    va_list again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0 && tool_output_reserve(out, (size_t)len + 1) == 0) {
        vsnprintf(out->buf + out->len, (size_t)len + 1, format, again);
        out->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

void tool_output_right(struct tool_output *out, const char *s, int width)
{
    for (const char *p = s; *p; p++)
        if (((unsigned char)*p & 0xc0) != 0x80)
            width--;
    while (width-- > 0)
        tool_output_bytes(out, " ", 1);
    tool_output_str(out, s);
}

int tool_utf8(tr_str s, uint32_t *rune)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    unsigned char lead = p[0];
    /* Bounds of the second byte: they exclude overlong forms and surrogates. */
    unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    int need;

    *rune = lead;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return -1;
    need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    *rune = lead & (0xffu >> (need + 1));
    for (int i = 1; i < need; i++) {
        if ((size_t)i >= s.len || p[i] < least || p[i] > most)
            return -i;
        *rune = *rune << 6 | (p[i] & 0x3fu);
        least = 0x80;
        most = 0xbf;
    }
    return need;
}

size_t tool_clean(tr_str *s, char *to)
{
    uint32_t rune;
    int n = tool_utf8(*s, &rune);
    size_t step = (size_t)(n < 0 ? -n : n), len = 0;
    /* Both sets of control characters can begin commands to a terminal. */
    bool odd = n < 0 || rune < 0x20 || (rune >= 0x7f && rune < 0xa0);
    for (size_t i = 0; i < step; i++) {
        if (odd)
            len += (size_t)snprintf(to + len, sizeof "\\xff", "\\x%02x",
                                    (unsigned)(unsigned char)s->ptr[i]);
        else
            to[len++] = s->ptr[i];
    }
    s->ptr += step;
    s->len -= step;
    return len;
}

void tool_output_clean(struct tool_output *out, tr_str s)
{
    while (s.len > 0) {
        char clean[TOOL_CLEAN_BYTES];
        tool_output_bytes(out, clean, tool_clean(&s, clean));
    }
}

struct tool_text tool_grouped(uint64_t n)
{
    struct tool_text text;
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text.s[at++] = ',';
        text.s[at++] = digits[i];
    }
    text.s[at] = '\0';
    return text;
}

/* Three digits that count, as far as there are. */
static void three_digits(struct tool_text *text, double value, const char *unit)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text->s, sizeof text->s, "%.*f%s", decimals, value, unit);
}

struct tool_text tool_duration(uint64_t ns)
{
    const uint64_t minute = UINT64_C(60000000000);
    struct tool_text text;

    if (ns < 1000) {
        snprintf(text.s, sizeof text.s, "%" PRIu64 "ns", ns);
    } else if (ns < 999500) {
        three_digits(&text, (double)ns / 1e3, "\xc2\xb5s");
    } else if (ns < 999500000) {
        three_digits(&text, (double)ns / 1e6, "ms");
    } else if (ns < minute - 50000000) {
        three_digits(&text, (double)ns / 1e9, "s");
    } else if (ns < 60 * minute - 50000000) {
        uint64_t tenths = (ns + 50000000) / 100000000;
        snprintf(text.s, sizeof text.s, "%" PRIu64 "m%02u.%us", tenths / 600,
                 (unsigned)(tenths / 10 % 60), (unsigned)(tenths % 10));
    } else {
        uint64_t seconds = ns / 1000000000 + (ns % 1000000000 >= 500000000);
        snprintf(text.s, sizeof text.s, "%" PRIu64 "h%02um%02us", seconds / 3600,
                 (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    }
    return text;
}

struct tool_text tool_size(uint64_t bytes)
{
    static const char *const units[] = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    struct tool_text text;
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(text.s, sizeof text.s, "%" PRIu64 " bytes", bytes);
        return text;
    }
    for (; value >= 1023.5; value /= 1024)
        unit++;
    three_digits(&text, value, units[unit]);
    return text;
}

struct tool_text tool_percent(double share)
{
    struct tool_text text = {"-"};
    if (!isnan(share))
        snprintf(text.s, sizeof text.s, "%.1f%%", 100 * share);
    return text;
}
