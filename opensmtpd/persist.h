/* SPDX-License-Identifier: ISC */
/*
 * smtpd ends when a program that it started ends, and whoever ends smtpd ends
 * us by the end of our input: no signal does so before.
 */
#ifndef STS_PERSIST_H
#define STS_PERSIST_H

void sts_persist(void);

#endif
