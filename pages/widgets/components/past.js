// The browser's Back leads to the page before. The server writes who, study and filters into the
// address one by one, and each would be an entry of its own: going back to one of those, the server
// writes the rest again, and nobody gets out. What changes within a page replaces its entry.
if (!history.concord) {
  history.concord = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const here = url == null || new URL(url, location.href).pathname === location.pathname;
    return here ? history.replaceState(state, title, url) : push(state, title, url);
  };
}
