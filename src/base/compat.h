/* SPDX-License-Identifier: Apache-2.0 */
/* compat.h - the only place where the preprocessor chooses: builds and C libraries that differ. */
#pragma once

/* Calls that tests make fail on purpose (base/fault.h) are plain calls in a release build. */
#ifdef NDEBUG
#define HP_FAULTS_ON 0
#else
#define HP_FAULTS_ON 1
#endif

/* A counter that runs with the processor's clock, where there is one; else 0. */
#ifdef __x86_64__
#define HP_CYCLES() __builtin_ia32_rdtsc()
#else
#define HP_CYCLES() 0ull
#endif
