/* Turns a trace in text form into a trace: text2trace IN.txt OUT.trace, where - is
 * standard input or output. The form is described in textform.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "textform.h"

static char *read_whole(const char *path, size_t *len)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t cap = 1 << 16, n;
    char *text = malloc(cap);
    *len = 0;
    if (!f || !text) {
        perror(path);
        exit(2);
    }
    while ((n = fread(text + *len, 1, cap - *len, f)) > 0) {
        *len += n;
        if (*len == cap)
            text = realloc(text, cap *= 2);
        if (!text)
            abort();
    }
    if (ferror(f)) {
        perror(path);
        exit(2);
    }
    if (f != stdin)
        fclose(f);
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: text2trace IN.txt OUT.trace\n");
        return 2;
    }
    size_t len;
    char *text = read_whole(argv[1], &len);
    struct textform t;
    if (!textform_convert(&t, text, len)) {
        fprintf(stderr, "%s:%u: %s\n", argv[1], t.line, t.error);
        textform_free(&t);
        free(text);
        return 1;
    }
    FILE *out = strcmp(argv[2], "-") == 0 ? stdout : fopen(argv[2], "wb");
    size_t written = out && t.size ? fwrite(t.data, 1, t.size, out) : 0;
    int failed = !out || written != t.size || fclose(out) != 0;
    if (failed)
        perror(argv[2]);
    textform_free(&t);
    free(text);
    return failed ? 2 : 0;
}
