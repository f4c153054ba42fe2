import packageDescription from '../package.json' with { type: 'json' };

/** Version of this agent, as in package.json. */
export const AGENT_VERSION: string = packageDescription.version;
