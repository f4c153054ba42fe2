import packageDescription from '../package.json' with { type: 'json' };

/** Version of this agent, as in package.json. */
export const AGENT_VERSION: string = packageDescription.version;

/** Put here by the bundler (scripts/build/bundle.mjs). */
declare const BUILD_COMMIT: string | undefined;

/** Commit that the bundle was built from; undefined where it was built from no repository, or runs unbundled. */
export const AGENT_COMMIT: string | undefined = typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : undefined;
