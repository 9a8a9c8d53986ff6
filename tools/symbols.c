/* Executables are ELF files with DWARF, read by libdw of elfutils; where that is not there
 * when this is built, none can be opened.
 *
 * Invariant: an executable is where it was linked to be, as Go linked those of Go 1.5 and
 * 1.6, so that addresses in it are those of the trace. */
#include "symbols.h"

#include <stdio.h>

#ifdef TR_LIBDW

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>

struct symbols {
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
};

/* A file is all that is looked at: nothing else is searched for, least of all on a network. */
static int no_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
                         const char *file, const char *link, GElf_Word crc, char **found)
{
    (void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc;
    (void)found;
    return -1;
}

struct symbols *symbols_open(const char *path, char *why, size_t why_size)
{
    struct symbols *s = calloc(1, sizeof *s);
    struct stat st = {0};
    /* To open a pipe would wait for who writes it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool opened = s && fd >= 0 && fstat(fd, &st) == 0;
    if (!opened || !S_ISREG(st.st_mode)) {
        snprintf(why, why_size, "%s", opened ? "it is not a regular file" : strerror(errno));
        if (fd >= 0)
            close(fd);
        free(s);
        return NULL;
    }
    s->callbacks.find_debuginfo = no_debug_file;
    s->callbacks.section_address = dwfl_offline_section_address;
    s->dwfl = dwfl_begin(&s->callbacks);
    Dwfl_Module *module = s->dwfl ? dwfl_report_elf(s->dwfl, path, path, fd, 0, false) : NULL;
    if (!module) { /* else the descriptor is the module's */
        close(fd);
        snprintf(why, why_size, "%s", dwfl_errmsg(-1));
        symbols_close(s);
        return NULL;
    }
    dwfl_report_end(s->dwfl, NULL, NULL);
    /* The first symbol is none. What Go writes for its own use is not read. */
    Dwarf_Addr bias;
    if (dwfl_module_getsymtab(module) <= 1 && !dwfl_module_getdwarf(module, &bias)) {
        snprintf(why, why_size, "it has no symbols, nor what debuggers read: it was stripped");
        symbols_close(s);
        return NULL;
    }
    return s;
}

void symbols_close(struct symbols *s)
{
    if (!s)
        return;
    dwfl_end(s->dwfl);
    free(s);
}

static tr_str text(const char *s)
{
    return s ? (tr_str){s, strlen(s)} : (tr_str){"", 0};
}

/* The line of source that an address belongs to. All units are asked: not every linker of
 * Go makes an index of them. */
static Dwarf_Line *find_line(Dwfl_Module *module, Dwarf_Addr address)
{
    Dwarf_Die *unit = NULL;
    Dwarf_Addr bias;
    while ((unit = dwfl_module_nextcu(module, unit, &bias)))
        if (dwarf_haspc(unit, address - bias) == 1)
            return dwarf_getsrc_die(unit, address - bias);
    return NULL;
}

int symbols_find(void *user, uint64_t address, tr_symbol *out)
{
    struct symbols *s = user;
    Dwfl_Module *module = dwfl_addrmodule(s->dwfl, address);
    if (!module)
        return 0;
    Dwarf_Line *line = find_line(module, address);
    int number;
    out->function = text(dwfl_module_addrname(module, address));
    if (line)
        out->file = text(dwarf_linesrc(line, NULL, NULL));
    if (line && dwarf_lineno(line, &number) == 0 && number > 0)
        out->line = (uint64_t)number;
    return out->function.len > 0 || out->file.len > 0;
}

#else

struct symbols *symbols_open(const char *path, char *why, size_t why_size)
{
    (void)path;
    snprintf(why, why_size, "built without libdw of elfutils, which reads executables");
    return NULL;
}

void symbols_close(struct symbols *s)
{
    (void)s;
}

int symbols_find(void *user, uint64_t address, tr_symbol *out)
{
    (void)user, (void)address, (void)out;
    return 0;
}

#endif
