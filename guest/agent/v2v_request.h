/*
 * How a guest asks the broker for a connection, and takes that back: by a node below its own data node,
 *
 *   data/v2v-listener-NAME-PEER or data/v2v-connector-NAME-PEER
 *
 * The guest writes "wanted". The broker answers "waiting" while the other side has not asked, "made" when it has made the
 * nodes of both. How V2V did this was never published: these nodes are this project's, in the model as here.
 */
#ifndef INTERDOM_V2V_REQUEST_H
#define INTERDOM_V2V_REQUEST_H

#define V2V_WANTED "wanted"
#define V2V_WAITING "waiting"
#define V2V_MADE "made"

/* "v2v-listener-NAME-PEER", static, valid until the next call but one. Fails the role where the name is too long. */
const char *v2v_request_node(const char *name, int peer, int listening);

/*
 * Asks, and waits: for the broker's first answer a bounded time, as there may be no broker; for the other side
 * longer. Fails the role where one of them does not come.
 */
void v2v_request(const char *name, int peer, int listening);

/* Takes the request back: the broker removes the nodes when both sides have. */
void v2v_request_withdraw(const char *name, int peer, int listening);

#endif
