/* From the text form of a trace to its bytes. What records there are, and what they
 * hold, is events.def's to say: nothing of it is repeated here.
 *
 * Invariant: while batch_open, the data of that batch is all that follows batch_data;
 * its size is inserted there when it ends. */
#include "textform.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

/* The lines of a text. */
struct lines {
    const char *next, *end;
};

/* A part of a line that is still to be read. */
struct rest {
    const char *p, *end;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
wrong(struct textform *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->error, sizeof t->error, format, args);
    va_end(args);
    return false;
}

static uint8_t *append(struct textform *t, size_t n)
{
    if (t->size + n > t->cap) {
        t->cap = (t->size + n) * 2 + 256;
        t->data = realloc(t->data, t->cap);
        if (!t->data)
            abort();
    }
    t->size += n;
    return t->data + t->size - n;
}

size_t textform_varint(uint8_t *to, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        to[n++] = (uint8_t)(value | 0x80);
    to[n++] = (uint8_t)value;
    return n;
}

static void put_number(struct textform *t, uint64_t value)
{
    uint8_t bytes[TRI_MAX_VARINT];
    size_t n = textform_varint(bytes, value);
    memcpy(append(t, n), bytes, n);
}

static bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

/* The next word of a line; len 0: none. */
static struct rest word(struct rest *r)
{
    struct rest w;
    while (r->p < r->end && is_space(*r->p))
        r->p++;
    w.p = r->p;
    while (r->p < r->end && !is_space(*r->p) && *r->p != '#')
        r->p++;
    w.end = r->p;
    return w;
}

static bool is_word(struct rest w, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(w.end - w.p) == n && memcmp(w.p, text, n) == 0;
}

/* The next line that says something. */
static bool next_line(struct textform *t, struct lines *l, struct rest *line)
{
    while (l->next < l->end) {
        const char *feed = memchr(l->next, '\n', (size_t)(l->end - l->next));
        line->p = l->next;
        line->end = feed ? feed : l->end;
        l->next = feed ? feed + 1 : l->end;
        t->line++;
        struct rest look = *line;
        struct rest first = word(&look);
        if (first.p < first.end)
            return true;
    }
    return false;
}

/* A decimal number that fills [p, end). */
static bool parse_number(const char *p, const char *end, uint64_t *value)
{
    bool negative = p < end && *p == '-';
    uint64_t v = 0;
    p += negative;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        uint64_t digit = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = negative ? 0 - v : v;
    return true;
}

/* name=value; *automatic may be NULL: then "auto" is not a value. */
static bool read_arg(struct textform *t, struct rest *line, const char *name, uint64_t *value,
                     bool *automatic)
{
    struct rest w = word(line);
    size_t n = strlen(name);
    if ((size_t)(w.end - w.p) <= n || memcmp(w.p, name, n) != 0 || w.p[n] != '=')
        return wrong(t, "expected %s=, got %.*s", name, (int)(w.end - w.p), w.p);
    w.p += n + 1;
    if (automatic && is_word(w, "auto")) {
        *automatic = true;
        return true;
    }
    return parse_number(w.p, w.end, value) ||
           wrong(t, "%s=%.*s is not a number", name, (int)(w.end - w.p), w.p);
}

static bool read_end(struct textform *t, struct rest *line)
{
    struct rest w = word(line);
    return w.p == w.end || wrong(t, "what does %.*s do here?", (int)(w.end - w.p), w.p);
}

static void put_rune(struct textform *t, uint32_t r)
{
    if (r < 0x80) {
        *append(t, 1) = (uint8_t)r;
        return;
    }
    unsigned more = r < 0x800 ? 1 : r < 0x10000 ? 2 : 3;
    *append(t, 1) = (uint8_t)(0xff00 >> (more + 1) | r >> (6 * more));
    while (more--)
        *append(t, 1) = (uint8_t)(0x80 | (r >> (6 * more) & 0x3f));
}

/* `count` digits of a base. */
static bool read_digits(struct rest *r, unsigned count, unsigned base, uint32_t *value)
{
    *value = 0;
    for (; count; count--, r->p++) {
        if (r->p == r->end || !isxdigit((unsigned char)*r->p))
            return false;
        unsigned c = (unsigned char)*r->p;
        unsigned digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (digit >= base)
            return false;
        *value = *value * base + digit;
    }
    return true;
}

static bool read_escape(struct textform *t, struct rest *r)
{
    static const char names[] = "abfnrtv\\\"", meanings[] = "\a\b\f\n\r\t\v\\\"";
    uint32_t value;
    if (r->p == r->end)
        return wrong(t, "a string ends in an escape");
    char c = *r->p;
    const char *simple = strchr(names, c);
    if (simple && c) {
        r->p++;
        *append(t, 1) = (uint8_t)meanings[simple - names];
        return true;
    }
    unsigned digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 3;
    if (digits != 3)
        r->p++;
    if (!read_digits(r, digits, digits == 3 ? 8 : 16, &value))
        return wrong(t, "a broken escape in a string");
    if (digits > 3)
        put_rune(t, value);
    else
        *append(t, 1) = (uint8_t)value;
    return true;
}

/* Append the bytes of a quoted string. */
static bool read_quoted(struct textform *t, struct rest *r)
{
    if (r->p == r->end || *r->p++ != '"')
        return wrong(t, "expected a string");
    while (r->p < r->end && *r->p != '"') {
        if (*r->p != '\\') {
            *append(t, 1) = (uint8_t)*r->p++;
            continue;
        }
        r->p++;
        if (!read_escape(t, r))
            return false;
    }
    if (r->p == r->end)
        return wrong(t, "a string does not end");
    r->p++;
    return read_end(t, r);
}

/* Append the data that a record's next line gives, with its length before it. */
static bool read_data(struct textform *t, struct lines *l)
{
    static const char before[] = "data=";
    struct rest line;
    struct textform data = {0};
    if (!next_line(t, l, &line))
        return wrong(t, "the data is missing");
    while (is_space(*line.p))
        line.p++;
    if ((size_t)(line.end - line.p) < sizeof before - 1 ||
        memcmp(line.p, before, sizeof before - 1) != 0)
        return wrong(t, "expected data=");
    line.p += sizeof before - 1;
    bool right = read_quoted(&data, &line) || wrong(t, "%s", data.error);
    if (right) {
        put_number(t, data.size);
        if (data.size)
            memcpy(append(t, data.size), data.data, data.size);
    }
    free(data.data);
    return right;
}

static bool read_frames(struct textform *t, struct lines *l, uint64_t count)
{
    static const char *const names[4] = {"pc", "func", "file", "line"};
    for (; count; count--) {
        struct rest line;
        if (!next_line(t, l, &line))
            return wrong(t, "a frame is missing");
        for (int i = 0; i < 4; i++) {
            uint64_t value;
            if (!read_arg(t, &line, names[i], &value, NULL))
                return false;
            put_number(t, value);
        }
        if (!read_end(t, &line))
            return false;
    }
    return true;
}

/* Put the size of a batch of size=auto before its data. */
static void end_batch(struct textform *t)
{
    t->thread = -1;
    if (!t->batch_open)
        return;
    t->batch_open = false;
    uint8_t size[TRI_MAX_VARINT];
    size_t bytes = t->size - t->batch_data, n = textform_varint(size, bytes);
    append(t, n);
    memmove(t->data + t->batch_data + n, t->data + t->batch_data, bytes);
    memcpy(t->data + t->batch_data, size, n);
    if (t->marked && t->mark >= t->batch_data)
        t->mark += n;
}

static void mark(struct textform *t)
{
    t->marked = true;
    t->mark = t->size;
}

static bool read_bytes(struct textform *t, struct rest *line)
{
    for (;;) {
        struct rest w = word(line);
        uint32_t value;
        if (w.p == w.end)
            return true;
        if (w.end - w.p != 2 || !read_digits(&w, 2, 16, &value))
            return wrong(t, "two digits make a byte");
        *append(t, 1) = (uint8_t)value;
    }
}

static unsigned type_of(struct rest name)
{
    for (unsigned type = 1; type < TRI_TYPE_COUNT; type++)
        if (tri_specs[type].name && is_word(name, tri_specs[type].name))
            return type;
    return TRI_EV_None;
}

static bool read_spec_record(struct textform *t, struct lines *l, struct rest *line, unsigned type)
{
    const struct tri_spec *spec = &tri_specs[type];
    uint64_t args[TRI_MAX_ARGS] = {0};
    bool batch = type == TRI_EV_EventBatch, automatic = false;
    *append(t, 1) = (uint8_t)type;
    for (unsigned i = 0; i < spec->arg_count; i++) {
        const char *name = spec->arg_names[i];
        bool size = batch && strcmp(name, "size") == 0;
        if (!read_arg(t, line, name, &args[i], size ? &automatic : NULL))
            return false;
        if (!automatic)
            put_number(t, args[i]);
        if ((batch || type == TRI_EV_ExperimentalBatch) && strcmp(name, "m") == 0)
            t->thread = (int64_t)args[i];
    }
    if (automatic) {
        t->batch_open = true;
        t->batch_data = t->size;
    }
    if (!read_end(t, line))
        return false;
    if (type == TRI_EV_Stack)
        return read_frames(t, l, args[1]);
    if (type == TRI_EV_String || type == TRI_EV_ExperimentalBatch)
        return read_data(t, l);
    return true;
}

static bool read_record(struct textform *t, struct lines *l, struct rest line)
{
    struct rest name = word(&line);
    bool marks = *name.p == '>';
    if (marks && ++name.p == name.end) {
        if (!read_end(t, &line))
            return false;
        end_batch(t);
        mark(t);
        t->mark_type = -1;
        t->mark_thread = -1;
        return true;
    }
    if (is_word(name, "EndBatch")) {
        end_batch(t);
        return read_end(t, &line);
    }
    bool bytes = is_word(name, "Bytes");
    unsigned type = bytes ? TRI_EV_None : type_of(name);
    if (!bytes && type == TRI_EV_None)
        return wrong(t, "there is no record %.*s", (int)(name.end - name.p), name.p);
    if (type == TRI_EV_EventBatch || type == TRI_EV_ExperimentalBatch ||
        type == TRI_EV_EndOfGeneration)
        end_batch(t);
    size_t start = t->size;
    if (marks)
        mark(t);
    if (!(bytes ? read_bytes(t, &line) : read_spec_record(t, l, &line, type)))
        return false;
    if (marks) {
        t->mark_type = start < t->size ? t->data[start] : -1;
        t->mark_thread = t->thread;
    }
    return true;
}

static bool read_header(struct textform *t, struct rest line)
{
    static const char before[] = "Go1.";
    struct rest w = word(&line);
    uint64_t version;
    if (*w.p == '>') {
        mark(t);
        t->mark_type = -1;
        t->mark_thread = -1;
        w.p++;
    }
    if (is_word(w, "Header")) {
        while (line.p < line.end && is_space(*line.p))
            line.p++;
        return read_quoted(t, &line);
    }
    if (!is_word(w, "Trace"))
        return wrong(t, "expected Trace");
    w = word(&line);
    if ((size_t)(w.end - w.p) < sizeof before || memcmp(w.p, before, sizeof before - 1) != 0 ||
        !parse_number(w.p + sizeof before - 1, w.end, &version))
        return wrong(t, "expected Go1. and a number");
    char header[64];
    int n = snprintf(header, sizeof header, "go 1.%llu trace", (unsigned long long)version);
    memset(append(t, (size_t)n + 3), 0, (size_t)n + 3);
    memcpy(t->data, header, (size_t)n);
    return read_end(t, &line);
}

bool textform_convert(struct textform *t, const char *text, size_t len)
{
    struct lines l = {text, text + len};
    struct rest line;
    memset(t, 0, sizeof *t);
    t->thread = -1;
    if (!next_line(t, &l, &line))
        return wrong(t, "there is no trace");
    if (!read_header(t, line))
        return false;
    while (next_line(t, &l, &line))
        if (!read_record(t, &l, line))
            return false;
    end_batch(t);
    return true;
}

void textform_free(struct textform *t)
{
    free(t->data);
    t->data = NULL;
    t->size = t->cap = 0;
}
