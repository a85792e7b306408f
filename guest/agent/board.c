#include "board.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <xengnttab.h>

#include "outcome.h"

#define TEXT_BYTES 1024
#define MOST_TRIES 1000

struct board {
    volatile uint32_t version; /* odd while the text is being written */
    volatile uint32_t close;   /* written by dom0 */
    char text[TEXT_BYTES];
};

struct board *board_create(unsigned int *ref)
{
    xengntshr_handle *share = xengntshr_open(NULL, 0);
    uint32_t granted;
    struct board *board;

    if (share == NULL)
        fail("/dev/xen/gntalloc");
    board = xengntshr_share_pages(share, 0, 1, &granted, 1);
    if (board == NULL)
        fail("a page could not be granted to dom0");
    memset(board, 0, sizeof *board);
    *ref = granted;
    return board;
}

void board_write(struct board *board, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    board->version++;
    __sync_synchronize();
    memcpy(board->text, text, sizeof text);
    __sync_synchronize();
    board->version++;
}

int board_says_close(const struct board *board)
{
    return board->close != 0;
}

/* A copy of the text that was not being written meanwhile. 1, or 0 where there was none to be had. */
static int copy_text(const struct board *board, char *text)
{
    for (int i = 0; i < MOST_TRIES; i++) {
        uint32_t before = board->version;

        __sync_synchronize();
        memcpy(text, board->text, TEXT_BYTES);
        __sync_synchronize();
        if (before % 2 == 0 && board->version == before) {
            text[TEXT_BYTES - 1] = '\0';
            return 1;
        }
    }
    return 0;
}

int board_look(const struct options *options)
{
    uint32_t domain = (uint32_t)option_required_number(options, "domain");
    uint32_t ref = (uint32_t)option_required_number(options, "ref");
    xengnttab_handle *map = xengnttab_open(NULL, 0);
    struct board *board;
    char text[TEXT_BYTES];
    int is_whole;

    if (map == NULL)
        fail("/dev/xen/gntdev");
    board = xengnttab_map_grant_ref(map, domain, ref, PROT_READ | PROT_WRITE);
    if (board == NULL) {
        puts("gone");
        return 0;
    }
    if (option_number(options, "close", 0) == 1)
        board->close = 1;
    is_whole = copy_text(board, text);
    if (xengnttab_unmap(map, board, 1) != 0)
        fail("a board could not be unmapped");
    xengnttab_close(map);
    errno = 0;
    if (!is_whole)
        fail("a board was being written all the time");
    puts(text);
    return 0;
}
