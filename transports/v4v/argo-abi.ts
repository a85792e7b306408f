/**
 * Argo's binary interface (xen/include/public/argo.h, Xen 4.17.5): numbers, limits, and where each field lies.
 *
 * The ring, in pages of the receiver (`struct xen_argo_ring`):
 *
 * | bytes | field | written by |
 * | --- | --- | --- |
 * | 0 | rx_ptr (u32) | the receiver |
 * | 4 | tx_ptr (u32) | Xen, which reads it at registration and never again |
 * | 8 | reserved, 56 bytes | nobody |
 * | 64 | the ring | Xen |
 *
 * A message in the ring (`struct xen_argo_ring_message_header`), on a slot of 16 bytes:
 *
 * | bytes | field |
 * | --- | --- |
 * | 0 | len (u32): header and payload |
 * | 4 | source.aport (u32) |
 * | 8, 10 | source.domain_id (u16), pad (u16) |
 * | 12 | message_type (u32) |
 * | 16 | payload |
 */

export const RING_RX_PTR = 0;
export const RING_TX_PTR = 4;
export const RING_START = 64;

export const MESSAGE_LEN = 0;
export const MESSAGE_SOURCE_PORT = 4;
export const MESSAGE_SOURCE_DOMID = 8;
export const MESSAGE_TYPE = 12;

/** Operations of argo_op. */
export const OP_REGISTER_RING = 1;
export const OP_UNREGISTER_RING = 2;
export const OP_SENDV = 3;
export const OP_NOTIFY = 4;

/** XEN_ARGO_DOMID_ANY: DOMID_INVALID. */
export const DOMID_ANY = 0x7ff4;
export const VIRQ_ARGO = 11;

export const MAX_RING_BYTES = 0x1000000;
export const MAX_IOVS = 8;
export const MAX_RINGS_PER_DOMAIN = 128;
export const MAX_NOTIFY_COUNT = 256;
export const MAX_PENDING_PER_RING = 32;
/** MAX_ARGO_MESSAGE_SIZE: what the largest ring takes. */
export const MAX_MESSAGE_BYTES = MAX_RING_BYTES - 16 - 16;

/** XEN_ARGO_REGISTER_FLAG_FAIL_EXIST, the only flag there is. */
export const REGISTER_FAIL_EXIST = 1;

/** `struct xen_argo_register_ring`: aport, partner_id (u16), pad (u16), len. */
export const REGISTER_BYTES = 12;
export const UNREGISTER_BYTES = 8;
/** `struct xen_argo_send_addr`: source and destination, each aport (u32), domain_id (u16), pad (u16). */
export const SEND_ADDRESS_BYTES = 16;
/** `struct xen_argo_iov`: iov_hnd (u64), iov_len (u32), pad (u32). */
export const IOV_BYTES = 16;
/** A guest frame number in the list given to register_ring. */
export const GFN_BYTES = 8;
/** `struct xen_argo_ring_data`: nent (u32), pad (u32), then the entries. */
export const RING_DATA_BYTES = 8;
/** `struct xen_argo_ring_data_ent`: ring (8), flags (u16), pad (u16), space_required (u32), max_message_size (u32). */
export const RING_DATA_ENTRY_BYTES = 20;
export const ENTRY_FLAGS = 8;
export const ENTRY_SPACE_REQUIRED = 12;
export const ENTRY_MAX_MESSAGE_SIZE = 16;

/** Flags that `notify` answers. */
export const RING_EXISTS = 1 << 0;
export const RING_SHARED = 1 << 1;
export const RING_EMPTY = 1 << 2;
export const RING_SUFFICIENT = 1 << 3;
export const RING_EMSGSIZE = 1 << 4;
export const RING_EBUSY = 1 << 5;
