/* faults.h - an allocation that fails when it is told to.  The program is linked with
 * --wrap for malloc, calloc, realloc and strdup, so that only calls from leaktop's own objects and,
 * once lk_faults_install() ran, from jansson are counted. */
#ifndef LK_TESTS_UNIT_FAULTS_H
#define LK_TESTS_UNIT_FAULTS_H

#include <stdbool.h>

/* lk_faults_install - jansson's allocations are counted too. */
void lk_faults_install(void);

/* lk_faults_arm - from now on the NTH allocation fails, once; 0: none. */
void lk_faults_arm(unsigned int nth);

/* lk_faults_pause - what the test takes for itself meanwhile is not counted. */
void lk_faults_pause(bool pause);

/* lk_faults_hit - disarms; was it reached? */
bool lk_faults_hit(void);

#endif
