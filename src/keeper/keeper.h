/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h - harpoon-keeper, the small process that owns a container's output.
 *
 * It reads the FIFOs that the container's shim writes, appends to the log, and passes output on to
 * whoever is attached, so that containers outlive the CLI that started them. It ends when both
 * outputs have ended. stdin does not go through it: clients write to that FIFO themselves.
 *
 *   harpoon-keeper --dir DIR [--log FILE] [--tty] [--wait-ms N] [--wait-attach]
 *
 * DIR holds the FIFOs "stdout" and "stderr" (no "stderr" with --tty) and gets the socket
 * "keeper.sock", mode 0600. Descriptor 3, when open, is a ready pipe: one byte "1" is written to it
 * once FIFOs and socket are open, or an error text. FILE is appended to in docker's json-file
 * format and is flock(LOCK_EX)ed for as long as the keeper lives. --wait-ms bounds how long it waits
 * for the first writer (60,000 by default). On its end it removes its socket and nothing else.
 * SIGTERM: takes what is there, then ends.
 *
 * A client attaches by connecting and sending one message, the byte 'A', with SCM_RIGHTS: write
 * ends of two pipes, for stdout and stderr. The keeper answers with one byte 'k'. It never drops
 * output for a client: while one does not read, the container waits. A client that closes its
 * ends is forgotten. With --wait-attach the keeper opens the FIFOs only when the first client has
 * attached, so that this client misses nothing. */
#pragma once
#define HP_KEEPER_SOCKET   "keeper.sock"
#define HP_KEEPER_ATTACH   'A'
#define HP_KEEPER_OK       'k'
#define HP_KEEPER_READY_FD 3
