/*
 * hooks.h
 *	  Installs the server hooks of the extension.
 */
#ifndef ARX_HOOKS_H
#define ARX_HOOKS_H

/*
 * Puts our hooks in front of those that are there, each of which is called.
 * Once, while shared_preload_libraries is being loaded.
 */
extern void arx_hooks_install(void);

/* One group each, for arx_hooks_install(). */
extern void arx_statement_hooks_install(void);
extern void arx_planner_hook_install(void);
extern void arx_utility_hook_install(void);
extern void arx_error_hook_install(void);

#endif /* ARX_HOOKS_H */
