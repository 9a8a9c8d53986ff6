/* The table of goldens. Its strings lie in the file's text, where each separator was
 * turned into the end of a string. */
#include "goldens.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

char *goldens[GOLDENS_MAX][GOLDEN_FIELDS];
int golden_count;

static char *text;

static void split_line(char *p, char **fields)
{
    for (int i = 0; i < GOLDEN_FIELDS; i++) {
        require(p != NULL, "GOLDENS: too few fields for %s", fields[0]);
        fields[i] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    require(p == NULL, "GOLDENS: too many fields for %s", fields[0]);
}

void load_goldens(void)
{
    struct bytes b = load_file(source_path("tests/data/GOLDENS"));
    text = realloc(b.data, b.size + 1);
    require(text != NULL, "no memory");
    text[b.size] = '\0';
    for (char *p = text; *p;) {
        char *end = strchr(p, '\n');
        require(end != NULL, "GOLDENS: the last line does not end");
        *end = '\0';
        if (*p != '#') {
            require(golden_count < GOLDENS_MAX, "GOLDENS: too many lines");
            split_line(p, goldens[golden_count++]);
        }
        p = end + 1;
    }
    require(golden_count >= GOLDENS_MIN, "GOLDENS: %d traces are too few", golden_count);
}

bool golden_is_left_out(int i)
{
    const char *sanitized = getenv("SANITIZED");
    return sanitized && *sanitized && i % 4;
}

void free_goldens(void)
{
    free(text);
}
