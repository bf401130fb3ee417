/*
 * access_check.h
 *	  Permission questions, asked in one place.
 */
#ifndef ARX_ACCESS_CHECK_H
#define ARX_ACCESS_CHECK_H

/*
 * May the current user see query ids and texts of everybody?  True with the
 * privileges of pg_read_all_stats.
 */
extern bool arx_may_read_all_texts(void);

#endif /* ARX_ACCESS_CHECK_H */
