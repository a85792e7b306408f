/* One end of a V2V connection, as its two ways of carrying payload share it. */
#ifndef INTERDOM_CHANNEL_V2V_H
#define INTERDOM_CHANNEL_V2V_H

#include "channel.h"
#include "v2v_link.h"

enum v2v_grant_mode { V2V_PERSISTENT, V2V_PER_TRANSFER, V2V_COPY };

/* Pages in which payload lies that is granted transfer by transfer. */
struct v2v_transfers {
    unsigned int pages; /* of payload, each way */
    /* Of the sender: used in turn, over and over. */
    uint8_t *lent;
    uint32_t refs[V2V_MAX_RING_PAGES];
    unsigned int lent_next;
    unsigned int lent_count;
    unsigned int page_counts[V2V_MAX_RING_PAGES]; /* of the transfers that are not answered yet, in turn */
    unsigned int oldest;
    unsigned int unanswered;
    uint16_t number;
    /* Of the receiver: transfers that are out of the ring and wait to be taken. */
    struct v2v_transfer {
        uint16_t number;
        uint16_t pages;
        uint32_t bytes;
        uint32_t refs[V2V_MAX_RING_PAGES];
    } waiting[V2V_MAX_RING_PAGES];
    unsigned int waiting_first;
    unsigned int waiting_count;
    /* Of the receiver in copy mode: where the hypervisor copies to. */
    uint8_t *landing;
};

struct v2v_channel {
    struct channel channel;
    struct v2v_link link;
    enum v2v_grant_mode mode;
    unsigned int buffer_pages; /* of ring, or of payload pages where these are granted */
    struct v2v_transfers transfers;
    /* Of the reader of a stream: what is left of the record at the head of the ring. */
    const uint8_t *unread;
    size_t unread_bytes;
};

/* Sends the events that a step of the ring asked for. 0, or -1 with errno. */
int v2v_flush(struct v2v_channel *self);
int v2v_finish(struct v2v_channel *self);

/* Payload in granted pages: makes and frees them, sends and receives whole messages. 0, or -1 with errno. */
void v2v_transfers_open(struct v2v_channel *self);
void v2v_transfers_close(struct v2v_channel *self);
int v2v_transfer_send(struct v2v_channel *self, const void *message, size_t bytes);
int v2v_transfer_receive(struct v2v_channel *self, void *message, size_t bytes);

#endif
