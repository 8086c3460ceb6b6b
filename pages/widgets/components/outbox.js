// Answers that the server has not yet acknowledged: each under a key of its own in the browser's
// storage, so that two tabs never overwrite each other, and sent again until it is acknowledged.
const AGAIN = 1500;
const ORPHAN = 10_000;

function outbox(prefix, send) {
  let entries = [];
  let turn = 0;
  let timer = 0;
  let want = null;
  let safe = true;
  const key = (entry) => `${prefix}:${entry.id}`;

  // What an earlier visit could not send: this tab's own after a reload, others' when orphaned.
  function adopt() {
    let found = [];
    try {
      found = Object.keys(localStorage).filter((name) => name.startsWith(`${prefix}:`));
    } catch {
      return;
    }
    const old = found.map((name) => STORE.get(name)).filter((one) => one && one.id && one.tab);
    const mine = (one) => one.tab === TAB || Date.now() - one.moment > ORPHAN;
    entries = old.filter(mine).sort((a, b) => a.moment - b.moment);
  }

  function flush() {
    clearTimeout(timer);
    timer = 0;
    if (!entries.length && want === null) return;
    turn += 1;
    send("outbox", { turn, want, entries: entries.map(({ tab, moment, ...entry }) => entry) });
    timer = setTimeout(flush, AGAIN);
  }

  return {
    adopt,
    flush,
    entries: () => entries,
    safe: () => safe,
    wanted: () => want,
    want(place) {
      want = place;
      flush();
    },
    arrived() {
      want = null;
    },
    push(entry) {
      const full = { ...entry, id: crypto.randomUUID?.() || `${TAB}-${Date.now()}-${Math.random()}`, tab: TAB, moment: Date.now() };
      if (entry.kind === "draft") entries = entries.filter((one) => !(one.kind === "draft" && one.at === entry.at && (STORE.drop(key(one)), true)));
      entries.push(full);
      safe = STORE.set(key(full), full) && safe;
      flush();
      return full;
    },
    acknowledge(acks) {
      const gone = [];
      entries = entries.filter((entry) => {
        const ack = acks[entry.id];
        if (!ack || ack.again) return true;
        STORE.drop(key(entry));
        gone.push({ entry, ack });
        return false;
      });
      if (!entries.length && want === null) {
        clearTimeout(timer);
        timer = 0;
      }
      return gone;
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

const TAB = (() => {
  try {
    const known = sessionStorage.getItem("concord-tab") || `${Date.now()}-${Math.random()}`;
    sessionStorage.setItem("concord-tab", known);
    return known;
  } catch {
    return `${Date.now()}-${Math.random()}`;
  }
})();
