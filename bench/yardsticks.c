/*
 * The yardsticks of `npm run bench`: what C makes of the same machine.
 *
 *   cc -O2 -pthread -o yardsticks yardsticks.c
 *   echo ROUNDS | ./yardsticks WAY RING_BYTES MESSAGE_BYTES MESSAGES RECEIVER_CPU SENDER_CPU
 *
 * WAY is ring (libvchan's ring between two threads, with memcpy: the same control page and the same order of steps as
 * transports/libvchan/channel.ts; where a side would sleep it spins, then yields), socketpair, pipe, tcp (a writer and a
 * reader of the kernel's own channels), or memcpy (one thread that only copies). Each message begins with its number, which
 * the receiver checks. Carries out so many rounds for each number that it reads, and prints, a line for each round, the
 * nanoseconds from the receiver's first read to its last byte: so it can take turns with somebody else.
 * A CPU of -1 leaves a thread where the system puts it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SPINS 20000

static struct {
  _Atomic uint32_t cons, prod;
  char other_ring_and_orders[12];
  _Atomic uint8_t cli_live, srv_live, cli_notify, srv_notify;
} __attribute__((aligned(4096))) control;

static uint8_t *ring;
static uint32_t ring_bytes, message_bytes, messages;
static _Atomic int events[2];

static void notify(int to) { atomic_fetch_add(&events[to], 1); }

static void await(int who) {
  int spins = 0;
  while (atomic_load(&events[who]) == 0)
    if (++spins > SPINS) sched_yield();
  atomic_store(&events[who], 0);
}

static uint32_t room(void) { return ring_bytes - (atomic_load(&control.prod) - atomic_load(&control.cons)); }
static uint32_t ready(void) { return atomic_load(&control.prod) - atomic_load(&control.cons); }

static uint32_t put(const uint8_t *from, uint32_t length) {
  if (!atomic_load(&control.srv_live)) return 0;
  uint32_t space = room();
  if (space < length) {
    atomic_fetch_or(&control.srv_notify, 2);
    space = room();
  }
  if (space == 0) return 0;
  if (length > space) length = space;
  uint32_t at = atomic_load(&control.prod) & (ring_bytes - 1);
  uint32_t first = ring_bytes - at < length ? ring_bytes - at : length;
  memcpy(ring + at, from, first);
  memcpy(ring, from + first, length - first);
  atomic_store(&control.prod, atomic_load_explicit(&control.prod, memory_order_relaxed) + length);
  if (atomic_fetch_and(&control.cli_notify, (uint8_t)~1) & 1) notify(0);
  return length;
}

static uint32_t get(uint8_t *to, uint32_t length) {
  uint32_t there = ready();
  if (there < length) {
    atomic_fetch_or(&control.cli_notify, 1);
    there = ready();
  }
  if (there == 0) return 0;
  if (length > there) length = there;
  uint32_t at = atomic_load(&control.cons) & (ring_bytes - 1);
  uint32_t first = ring_bytes - at < length ? ring_bytes - at : length;
  memcpy(to, ring + at, first);
  memcpy(to + first, ring, length - first);
  atomic_store(&control.cons, atomic_load_explicit(&control.cons, memory_order_relaxed) + length);
  if (atomic_fetch_and(&control.srv_notify, (uint8_t)~2) & 2) notify(1);
  return length;
}

static uint8_t *buffer_of(uint32_t bytes) {
  uint8_t *buffer = aligned_alloc(4096, (bytes + 4095) & ~4095u);
  memset(buffer, 7, bytes);
  return buffer;
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static int pipe_ends[2]; /* reader, writer; -1: the ring */

static uint32_t send_some(const uint8_t *from, uint32_t length) {
  if (pipe_ends[1] >= 0) return (uint32_t)write(pipe_ends[1], from, length);
  uint32_t taken = put(from, length);
  if (taken == 0) await(1);
  return taken;
}

static uint32_t receive_some(uint8_t *to, uint32_t length) {
  if (pipe_ends[0] >= 0) return (uint32_t)read(pipe_ends[0], to, length);
  uint32_t taken = get(to, length);
  if (taken == 0) await(0);
  return taken;
}

static int sender_cpu;

static void pin(int cpu) {
  cpu_set_t set;
  if (cpu < 0) return;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *send_all(void *unused) {
  pin(sender_cpu);
  uint8_t *buffer = buffer_of(message_bytes);
  for (uint32_t i = 0; i < messages; i++) {
    uint32_t stamp[2] = {i, ~i};
    memcpy(buffer, stamp, sizeof stamp);
    for (uint32_t done = 0; done < message_bytes;) done += send_some(buffer + done, message_bytes - done);
  }
  free(buffer);
  return unused;
}

static int receive_all(uint8_t *buffer) {
  for (uint32_t i = 0; i < messages; i++) {
    for (uint32_t done = 0; done < message_bytes;) done += receive_some(buffer + done, message_bytes - done);
    uint32_t stamp[2];
    memcpy(stamp, buffer, sizeof stamp);
    if (stamp[0] != i || stamp[1] != ~i) {
      fprintf(stderr, "message %u is wrong\n", i);
      return 1;
    }
  }
  return 0;
}

static int tcp_pair(int ends[2]) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1)) return -1;
  getsockname(listener, (struct sockaddr *)&at, &length);
  ends[1] = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(ends[1], (struct sockaddr *)&at, sizeof at)) return -1;
  ends[0] = accept(listener, NULL, NULL);
  setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  close(listener);
  return ends[0] < 0 ? -1 : 0;
}

static int copy_only(void) {
  uint8_t *from = buffer_of(message_bytes), *to = buffer_of(message_bytes);
  double start = now_ns();
  for (uint32_t i = 0; i < messages; i++) {
    memcpy(to, from, message_bytes);
    __asm__ volatile("" : : "r"(to) : "memory");
  }
  printf("%.0f\n", now_ns() - start);
  free(from);
  free(to);
  return 0;
}

static int one_round(const char *way, uint8_t *buffer) {
  int failed = 0;
  pipe_ends[0] = pipe_ends[1] = -1;
  if (strcmp(way, "pipe") == 0) failed = pipe(pipe_ends);
  if (strcmp(way, "socketpair") == 0) failed = socketpair(AF_UNIX, SOCK_STREAM, 0, pipe_ends);
  if (strcmp(way, "tcp") == 0) failed = tcp_pair(pipe_ends);
  if (failed) return 1;
  pthread_t sender;
  if (pthread_create(&sender, NULL, send_all, NULL)) return 1;
  if (pipe_ends[0] < 0)
    while (ready() < ring_bytes && ready() < (uint64_t)messages * message_bytes) sched_yield();
  double from = now_ns();
  if (receive_all(buffer)) return 1;
  printf("%.0f\n", now_ns() - from);
  pthread_join(sender, NULL);
  if (pipe_ends[0] >= 0) close(pipe_ends[0]), close(pipe_ends[1]);
  control.cons = control.prod = 0;
  control.cli_notify = control.srv_notify = 0;
  events[0] = events[1] = 0;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  pin(atoi(argv[5]));
  sender_cpu = atoi(argv[6]);
  const char *way = argv[1];
  ring_bytes = atoi(argv[2]);
  message_bytes = atoi(argv[3]);
  messages = atoi(argv[4]);
  ring = buffer_of(ring_bytes);
  control.srv_live = control.cli_live = 1;
  uint8_t *buffer = buffer_of(message_bytes);
  for (int rounds; scanf("%d", &rounds) == 1;) {
    for (; rounds > 0; rounds--)
      if (strcmp(way, "memcpy") == 0 ? copy_only() : one_round(way, buffer)) return 1;
    fflush(stdout);
  }
  return 0;
}
