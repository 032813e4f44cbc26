/* What the probe can be told to do. Each gets the arguments behind its name and returns the status
 * to exit with. */
#ifndef TWIN_MODES_H
#define TWIN_MODES_H

int attack_main(int argc, char **argv);
int drill_main(int argc, char **argv);

#endif
