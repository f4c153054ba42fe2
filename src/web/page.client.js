// Keeps the status page current: asks for it again and replaces the parts that differ. One way from state to markup,
// on the server, is enough; what comes back has been escaped there.
const EVERY_MILLISECONDS = 2000;
const PATIENCE_MILLISECONDS = 5000;

const liveness = document.getElementById('liveness');
let lastAnswer = Date.now();
let timer;

function say(text, silent) {
  if (liveness.textContent !== text) liveness.textContent = text;
  document.body.classList.toggle('silent', silent);
}

/** Puts the new children of `main` in place of old ones that differ; what is the same keeps focus and selection. */
function replaceParts(from, into) {
  for (const part of [...from.children]) {
    const old = document.getElementById(part.id);
    if (!old) into.append(part);
    else if (part.id === 'gpus' && sameCards(part, old))
      replaceParts(part.querySelector('.cards'), old.querySelector('.cards'));
    else if (!old.isEqualNode(part)) old.replaceWith(part);
  }
}

function sameCards(part, old) {
  const ids = (section) => [...section.querySelectorAll('.card')].map((card) => card.id).join();
  return ids(part) !== '' && ids(part) === ids(old);
}

async function refresh() {
  try {
    const answer = await fetch(location.pathname, {
      headers: { accept: 'text/html' },
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    replaceParts(page.getElementById('main'), document.getElementById('main'));
    lastAnswer = Date.now();
    say('Live', false);
  } catch {
    const seconds = Math.round((Date.now() - lastAnswer) / 1000);
    say(`The agent has not answered for ${seconds} s; what is shown is old`, true);
  }
  schedule();
}

function schedule() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, EVERY_MILLISECONDS);
}

// A page nobody looks at asks nothing.
document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : refresh()));
schedule();
