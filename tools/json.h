/* JSON, one object at a time, by the library json-c. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdint.h>
#include <tracereader.h>

#include "output.h"

struct json_object;

/* None of these returns without having done its work: where memory is lacking,
 * the command ends. An added object belongs to the other. */
struct json_object *tool_json_new(void);
void tool_json_null(struct json_object *o, const char *key);
void tool_json_bool(struct json_object *o, const char *key, int value);
void tool_json_i64(struct json_object *o, const char *key, int64_t value);
void tool_json_u64(struct json_object *o, const char *key, uint64_t value);
/* Null for NaN; else with as many digits as it takes to get the same number back. */
void tool_json_double(struct json_object *o, const char *key, double value);
/* What is not UTF-8 in it becomes U+FFFD. */
void tool_json_str(struct json_object *o, const char *key, tr_str value);
void tool_json_text(struct json_object *o, const char *key, const char *value);
/* "go 1.26" for 26, null for 0. */
void tool_json_version(struct json_object *o, const char *key, unsigned version);
void tool_json_object(struct json_object *o, const char *key, struct json_object *value);
/* Code, message, offset and generation; NULL, which is null in JSON, if there is no error. */
struct json_object *tool_json_error(const tr_error *error);

/* Print the object, without a line feed, and free it. */
void tool_json_print(struct json_object *o, struct tool_output *out);

#endif
