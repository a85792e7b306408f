/*
 * Payload in granted pages, as netfront and netback move it. The rings carry only two kinds of records:
 *
 *   transfer  number, pages (16 bits each), bytes (32 bits), and the grant reference of each page
 *   answer    number, 16 bits of zeros: the receiver has let go of the pages
 *
 * The receiver maps the pages, copies the payload out and unmaps them, or has the hypervisor copy (GNTTABOP_copy).
 * The sender uses a page again when its transfer is answered. Here the grants themselves stay, since making and ending
 * one takes no hypercall: the guest writes its own grant table.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "channel_v2v.h"
#include "outcome.h"

#define TRANSFER_FIXED_BYTES 8u
#define ANSWER_BYTES 4u

static unsigned int pages_for(size_t bytes)
{
    return (unsigned int)((bytes + V2V_PAGE_BYTES - 1) / V2V_PAGE_BYTES);
}

void v2v_transfers_open(struct v2v_channel *self)
{
    struct v2v_transfers *transfers = &self->transfers;
    size_t bytes = self->buffer_pages * V2V_PAGE_BYTES;

    transfers->pages = self->buffer_pages;
    transfers->lent = xengntshr_share_pages(self->link.share, (uint32_t)self->link.peer, (int)transfers->pages,
                                            transfers->refs, 0);
    if (transfers->lent == NULL)
        fail("payload pages could not be granted");
    memset(transfers->lent, 0, bytes);
    if (self->mode != V2V_COPY)
        return;
    transfers->landing = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (transfers->landing == MAP_FAILED)
        fail("no memory to copy into");
    memset(transfers->landing, 0, bytes);
}

void v2v_transfers_close(struct v2v_channel *self)
{
    struct v2v_transfers *transfers = &self->transfers;

    if (xengntshr_unshare(self->link.share, transfers->lent, transfers->pages) != 0)
        fail("payload pages could not be taken back");
    if (transfers->landing != NULL && munmap(transfers->landing, transfers->pages * V2V_PAGE_BYTES) != 0)
        fail("munmap");
}

/* ---- records that came in ---- */

static int take_answer(struct v2v_transfers *transfers, const uint8_t *record, size_t bytes)
{
    uint16_t number;

    memcpy(&number, record, sizeof number);
    if (bytes != ANSWER_BYTES || transfers->unanswered == 0 ||
        number != (uint16_t)(transfers->number - transfers->unanswered))
        return -1;
    transfers->lent_count -= transfers->page_counts[transfers->oldest];
    transfers->oldest = (transfers->oldest + 1) % V2V_MAX_RING_PAGES;
    transfers->unanswered--;
    return 0;
}

static int queue_transfer(struct v2v_transfers *transfers, const uint8_t *record, size_t bytes)
{
    struct v2v_transfer *transfer;

    if (bytes < TRANSFER_FIXED_BYTES || transfers->waiting_count == V2V_MAX_RING_PAGES)
        return -1;
    transfer = &transfers->waiting[(transfers->waiting_first + transfers->waiting_count) % V2V_MAX_RING_PAGES];
    memcpy(&transfer->number, record, 2);
    memcpy(&transfer->pages, record + 2, 2);
    memcpy(&transfer->bytes, record + 4, 4);
    if (transfer->pages > transfers->pages || transfer->pages != pages_for(transfer->bytes) ||
        bytes != TRANSFER_FIXED_BYTES + 4u * transfer->pages)
        return -1;
    memcpy(transfer->refs, record + TRANSFER_FIXED_BYTES, 4u * transfer->pages);
    transfers->waiting_count++;
    return 0;
}

/* Takes every record out of the ring. 0, or -1 with errno. Afterwards an event comes with the next record. */
static int drain(struct v2v_channel *self)
{
    struct v2v_transfers *transfers = &self->transfers;
    int taken = 0;

    for (;;) {
        uint8_t type;
        size_t bytes;
        const void *record = v2v_ring_get(&self->link.ring, &type, &bytes);
        int wrong = 1;

        if (record == NULL)
            break;
        if (type == V2V_TRANSFER)
            wrong = queue_transfer(transfers, record, bytes);
        else if (type == V2V_ANSWER)
            wrong = take_answer(transfers, record, bytes);
        if (wrong) {
            errno = EBADMSG;
            return -1;
        }
        self->link.ring.cons += self->link.ring.current_bytes;
        self->link.ring.current_bytes = 0;
        taken = 1;
    }
    return taken ? v2v_finish(self) : 0;
}

/* ---- sending ---- */

/* Waits until so many pages are free. */
static int await_pages(struct v2v_channel *self, unsigned int pages)
{
    struct v2v_transfers *transfers = &self->transfers;

    while (transfers->pages - transfers->lent_count < pages) {
        if (drain(self) != 0)
            return -1;
        if (transfers->pages - transfers->lent_count < pages && v2v_link_wait(&self->link) != 0)
            return -1;
    }
    return 0;
}

/* Copies a message into the next free pages and writes down their references. */
static void fill_pages(struct v2v_transfers *transfers, const void *message, size_t bytes, uint8_t *refs)
{
    for (size_t done = 0; done < bytes; done += V2V_PAGE_BYTES) {
        size_t part = bytes - done < V2V_PAGE_BYTES ? bytes - done : V2V_PAGE_BYTES;

        memcpy(transfers->lent + transfers->lent_next * V2V_PAGE_BYTES, (const uint8_t *)message + done, part);
        memcpy(refs, &transfers->refs[transfers->lent_next], 4);
        refs += 4;
        transfers->lent_next = (transfers->lent_next + 1) % transfers->pages;
        transfers->lent_count++;
    }
}

int v2v_transfer_send(struct v2v_channel *self, const void *message, size_t bytes)
{
    struct v2v_transfers *transfers = &self->transfers;
    unsigned int pages = pages_for(bytes);
    uint16_t page_count = (uint16_t)pages;
    uint32_t byte_count = (uint32_t)bytes;
    uint8_t *record;

    if (await_pages(self, pages) != 0)
        return -1;
    record = v2v_ring_prepare(&self->link.ring, V2V_TRANSFER, TRANSFER_FIXED_BYTES + 4u * pages);
    if (record == NULL) {
        errno = EPROTO; /* one page of ring has room for as many transfers as there can be */
        return -1;
    }
    memcpy(record, &transfers->number, 2);
    memcpy(record + 2, &page_count, 2);
    memcpy(record + 4, &byte_count, 4);
    fill_pages(transfers, message, bytes, record + TRANSFER_FIXED_BYTES);
    transfers->page_counts[(transfers->oldest + transfers->unanswered) % V2V_MAX_RING_PAGES] = pages;
    transfers->unanswered++;
    transfers->number++;
    return v2v_flush(self);
}

/* ---- receiving ---- */

static int take_by_map(struct v2v_channel *self, struct v2v_transfer *transfer, void *message)
{
    void *payload = xengnttab_map_domain_grant_refs(self->link.map, transfer->pages, (uint32_t)self->link.peer,
                                                    transfer->refs, PROT_READ);

    if (payload == NULL)
        return -1;
    memcpy(message, payload, transfer->bytes);
    return xengnttab_unmap(self->link.map, payload, transfer->pages);
}

static int take_by_copy(struct v2v_channel *self, const struct v2v_transfer *transfer, void *message)
{
    xengnttab_grant_copy_segment_t segments[V2V_MAX_RING_PAGES];

    memset(segments, 0, sizeof segments);
    for (unsigned int i = 0; i < transfer->pages; i++) {
        uint32_t left = transfer->bytes - i * V2V_PAGE_BYTES;

        segments[i].source.foreign.ref = transfer->refs[i];
        segments[i].source.foreign.domid = (uint16_t)self->link.peer;
        segments[i].dest.virt = self->transfers.landing + i * V2V_PAGE_BYTES;
        segments[i].len = (uint16_t)(left < V2V_PAGE_BYTES ? left : V2V_PAGE_BYTES);
        segments[i].flags = GNTCOPY_source_gref;
    }
    if (xengnttab_grant_copy(self->link.map, transfer->pages, segments) != 0)
        return -1;
    for (unsigned int i = 0; i < transfer->pages; i++) {
        if (segments[i].status != GNTST_okay) {
            errno = EIO;
            return -1;
        }
    }
    memcpy(message, self->transfers.landing, transfer->bytes);
    return 0;
}

static int answer(struct v2v_channel *self, uint16_t number)
{
    uint8_t *record = v2v_ring_prepare(&self->link.ring, V2V_ANSWER, ANSWER_BYTES);

    if (record == NULL) {
        errno = EPROTO;
        return -1;
    }
    memset(record, 0, ANSWER_BYTES);
    memcpy(record, &number, sizeof number);
    return v2v_flush(self);
}

int v2v_transfer_receive(struct v2v_channel *self, void *message, size_t bytes)
{
    struct v2v_transfers *transfers = &self->transfers;
    struct v2v_transfer *transfer;
    int result;

    while (transfers->waiting_count == 0) {
        if (drain(self) != 0)
            return -1;
        if (transfers->waiting_count == 0 && v2v_link_wait(&self->link) != 0)
            return -1;
    }
    transfer = &transfers->waiting[transfers->waiting_first];
    if (transfer->bytes != bytes) {
        errno = EMSGSIZE;
        return -1;
    }
    result = self->mode == V2V_COPY ? take_by_copy(self, transfer, message) : take_by_map(self, transfer, message);
    if (result != 0)
        return -1;
    transfers->waiting_first = (transfers->waiting_first + 1) % V2V_MAX_RING_PAGES;
    transfers->waiting_count--;
    return answer(self, transfer->number);
}
