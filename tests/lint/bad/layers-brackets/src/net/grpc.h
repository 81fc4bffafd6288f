/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.h - an example. */
