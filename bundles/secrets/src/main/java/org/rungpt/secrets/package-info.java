/** Secrets in an encrypted file, its key in another one. */
@NullMarked
package org.rungpt.secrets;

import org.jspecify.annotations.NullMarked;
