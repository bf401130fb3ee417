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

#endif /* ARX_HOOKS_H */
