/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - programs of ours that this one needs. */
#pragma once

/* The program @name: beside the running one, where the build has it (src/@folder), or in the
 * folder for programs of programs. Owns: the caller; NULL: it is not there. */
char *hp_vm_own_program(const char *name, const char *folder);
/* Where PATH has the program @name, or @name itself when it is a path. As above. */
char *hp_vm_find_program(const char *name);
