package org.rungpt.itests.platform;

import org.junit.runner.RunWith;
import org.junit.runners.Suite;

/** All tests that run inside one container. */
@RunWith(Suite.class)
@Suite.SuiteClasses({StartTest.class, SwapTest.class})
public class PlatformSuite {}
