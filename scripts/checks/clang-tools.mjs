/** LLVM's tools, at the version whose rules the configuration files are written for. */
import { Failure, runChild } from '../child.mjs';

/** Version of LLVM for form and lint: another version formats differently. */
export const llvmVersion = 15;

/**
 * Finds a tool: its versioned name as Debian installs it, else its plain name when that is the same version.
 * @param {'clang-format' | 'clang-tidy'} tool
 * @returns {Promise<string>}
 * @throws {Failure} that says what to install
 */
export async function findClangTool(tool) {
  for (const command of [`${tool}-${llvmVersion}`, tool]) {
    const { code, output } = await runChild(command, ['--version']);
    if (code === 0 && new RegExp(`version ${llvmVersion}\\.`).test(output)) return command;
  }
  throw new Failure(`${tool} ${llvmVersion} is not installed: apt-get install ${tool}-${llvmVersion}`);
}
