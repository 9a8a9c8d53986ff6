/* The tape where it is more than words of events: its blocks, and notes. */
#include "v1/tape.h"

#include <string.h>

enum { BLOCK_WORDS = 4000, NOTE_WORDS = 3, NOTES_MAX = 4 };

struct tri_v1_tape_block {
    struct tri_v1_tape_block *next;
    uint32_t *end; /* of its words; those of the last one end where the tape does */
    uint32_t words[BLOCK_WORDS];
};

static bool add_block(struct tri_v1 *v)
{
    struct tri_v1_tape *tape = &v->tape;
    struct tri_v1_tape_block *b = tri_arena_alloc(&tape->arena, sizeof *b);
    if (!b)
        return false;
    b->next = NULL;
    if (tape->last) {
        tape->last->next = b;
        tape->last->end = tape->at;
    } else {
        tape->first = b;
    }
    tape->last = b;
    tape->at = b->words;
    tape->room = b->words + BLOCK_WORDS - (NOTES_MAX * NOTE_WORDS);
    /* With header 5, or many procs, no event goes without a look at more than its time. */
    bool is_simple = v->version >= TRI_GO107 && v->proc_count <= TRI_V1_TAPE_PROC_END;
    tape->full = is_simple ? tape->room : b->words;
    return true;
}

static void note(struct tri_v1_tape *tape, unsigned type, uint32_t proc, uint64_t value)
{
    *tape->at++ = type | proc % TRI_V1_TAPE_PROC_END << TRI_V1_TAPE_PROC_AT;
    memcpy(tape->at, &value, sizeof value);
    tape->at += 2;
}

/* Note what the proc's number has more than a word holds. */
static void note_number(struct tri_v1_tape *tape, uint32_t number)
{
    if (number / TRI_V1_TAPE_PROC_END == tape->procs)
        return;
    tape->procs = number / TRI_V1_TAPE_PROC_END;
    note(tape, TRI_V1_TAPE_NOTE_PROCS, 0, tape->procs);
}

bool tri_v1_tape_put_go(struct tri_v1 *v, struct tri_v1_proc *proc, uint64_t go)
{
    struct tri_v1_tape *tape = &v->tape;
    if (proc->go == go)
        return true;
    if (tape->at >= tape->room && !add_block(v))
        return false;
    note_number(tape, proc->number);
    note(tape, TRI_V1_TAPE_NOTE_GO, proc->number, go);
    proc->go = go;
    return true;
}

void tri_v1_tape_clear(struct tri_v1 *v)
{
    tri_arena_free(&v->tape.arena);
    v->tape = (struct tri_v1_tape){.arena.mem = v->mem};
}

bool tri_v1_tape_put_with_notes(struct tri_v1 *v, struct tri_v1_proc *proc, unsigned type,
                                const uint8_t *at, uint64_t bytes, int64_t time)
{
    struct tri_v1_tape *tape = &v->tape;
    uint32_t number = proc->number;
    uint64_t ticks = (uint64_t)time - (uint64_t)tape->time;
    if (tape->at >= tape->room && !add_block(v))
        return false;
    note_number(tape, number);
    if (proc->place != at)
        note(tape, TRI_V1_TAPE_NOTE_PLACE, number, (uint64_t)(at - v->data));
    if (ticks >= TRI_V1_TAPE_TICKS_END) {
        note(tape, TRI_V1_TAPE_NOTE_TICKS, 0, ticks);
        ticks = 0;
    }
    if (v->version < TRI_GO107) {
        if (proc->seq != tape->seq + 1)
            note(tape, TRI_V1_TAPE_NOTE_SEQ, 0, proc->seq);
        tape->seq = proc->seq;
    }
    if (bytes >= TRI_V1_TAPE_BYTES_END)
        bytes = 0; /* the proc's next record has a note */
    *tape->at++ = type | (uint32_t)bytes << TRI_V1_TAPE_BYTES_AT |
                  number % TRI_V1_TAPE_PROC_END << TRI_V1_TAPE_PROC_AT |
                  (uint32_t)ticks << TRI_V1_TAPE_TICKS_AT;
    tape->time = time;
    tape->count++;
    proc->place = at + bytes;
    return true;
}

void tri_v1_tape_rewind(struct tri_v1 *v, struct tri_v1_tape_head *h)
{
    *h = (struct tri_v1_tape_head){.block = v->tape.first};
    if (h->block)
        h->at = h->block->words;
    if (v->tape.last)
        v->tape.last->end = v->tape.at;
    h->end = h->block ? h->block->end : NULL;
    for (uint32_t i = 0; i < v->proc_count; i++)
        v->procs[i].place = NULL;
}

bool tri_v1_tape_find(struct tri_v1 *v, struct tri_v1_tape_head *h)
{
    for (;;) {
        if (h->at == h->end) {
            if (!h->block || !h->block->next)
                return false;
            h->block = h->block->next;
            h->at = h->block->words;
            h->end = h->block->end;
            continue;
        }
        uint32_t word = *h->at;
        uint64_t value;
        if (tri_v1_tape_type(word) < TRI_V1_TAPE_NOTE)
            return true;
        memcpy(&value, h->at + 1, sizeof value);
        h->at += NOTE_WORDS;
        switch (tri_v1_tape_type(word)) {
        case TRI_V1_TAPE_NOTE_PROCS:
            h->procs = (uint32_t)value;
            break;
        case TRI_V1_TAPE_NOTE_PLACE:
            v->procs[tri_v1_tape_proc(h, word)].place = v->data + value;
            break;
        case TRI_V1_TAPE_NOTE_TICKS:
            h->time = (int64_t)((uint64_t)h->time + value);
            break;
        case TRI_V1_TAPE_NOTE_SEQ:
            h->seq = value - 1;
            break;
        case TRI_V1_TAPE_NOTE_GO:
            v->procs[tri_v1_tape_proc(h, word)].go = value;
            break;
        }
    }
}
