/** The simulator, by the name under which tests know it. */
export * from '../../tools/simulator';
