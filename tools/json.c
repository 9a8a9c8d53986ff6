/* JSON, one object at a time, by the library json-c.
 *
 * Invariants: integers are exact over all 64 bits, doubles come back as the same
 * number, strings are UTF-8 whatever the trace holds. */
#include "json.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

static struct json_object *must(struct json_object *o)
{
    if (!o)
        tool_no_memory();
    return o;
}

static void add(struct json_object *o, const char *key, struct json_object *value)
{
    if (json_object_object_add(o, key, value) != 0)
        tool_no_memory();
}

struct json_object *tool_json_new(void)
{
    return must(json_object_new_object());
}

void tool_json_null(struct json_object *o, const char *key)
{
    add(o, key, NULL);
}

void tool_json_bool(struct json_object *o, const char *key, int value)
{
    add(o, key, must(json_object_new_boolean(value)));
}

void tool_json_i64(struct json_object *o, const char *key, int64_t value)
{
    add(o, key, must(json_object_new_int64(value)));
}

void tool_json_u64(struct json_object *o, const char *key, uint64_t value)
{
    add(o, key, must(json_object_new_uint64(value)));
}

void tool_json_double(struct json_object *o, const char *key, double value)
{
    char text[40];

    if (isnan(value) || isinf(value)) {
        tool_json_null(o, key);
        return;
    }
    /* 17 digits always suffice; most often fewer do, and 0.1 is easier to read
     * than 0.10000000000000001. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    add(o, key, must(json_object_new_double_s(value, text)));
}

void tool_json_str(struct json_object *o, const char *key, tr_str value)
{
    static const char replacement[3] = {'\xef', '\xbf', '\xbd'};
    char *clean;
    size_t len = 0;

    /* At worst each byte becomes the three of U+FFFD. */
    if (value.len > INT_MAX / 3 || !(clean = malloc(3 * value.len + 1)))
        tool_no_memory();
    while (value.len > 0) {
        uint32_t rune;
        int n = tool_utf8(value, &rune);
        size_t step = (size_t)(n < 0 ? -n : n);
        memcpy(clean + len, n < 0 ? replacement : value.ptr, n < 0 ? 3 : step);
        len += n < 0 ? 3 : step;
        value.ptr += step;
        value.len -= step;
    }
    add(o, key, must(json_object_new_string_len(clean, (int)len)));
    free(clean);
}

void tool_json_text(struct json_object *o, const char *key, const char *value)
{
    tr_str s = {value, strlen(value)};
    tool_json_str(o, key, s);
}

void tool_json_version(struct json_object *o, const char *key, unsigned version)
{
    char text[32];

    snprintf(text, sizeof text, "go 1.%u", version);
    if (version)
        tool_json_text(o, key, text);
    else
        tool_json_null(o, key);
}

struct json_object *tool_json_error(const tr_error *error)
{
    struct json_object *o;

    if (error->code == TR_OK)
        return NULL;
    o = tool_json_new();
    tool_json_text(o, "code", tr_status_name(error->code));
    tool_json_text(o, "message", error->message);
    tool_json_u64(o, "offset", error->offset);
    tool_json_u64(o, "generation", error->generation);
    return o;
}

void tool_json_object(struct json_object *o, const char *key, struct json_object *value)
{
    add(o, key, value);
}

void tool_json_print(struct json_object *o, struct tool_output *out)
{
    const char *text =
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!text)
        tool_no_memory();
    tool_output_str(out, text);
    json_object_put(o);
}
