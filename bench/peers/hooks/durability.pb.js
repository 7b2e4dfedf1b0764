// Lets each commit wait for the disk: PocketBase opens SQLite with synchronous = NORMAL and has no setting for it.
// The write pool holds one connection, to which the pragma belongs; whoever measures asks before each run.
routerAdd("GET", "/durability", (event) => {
  const found = new DynamicModel({ synchronous: 0, journal_mode: "" })
  const writer = $app.nonconcurrentDB()
  writer.newQuery("PRAGMA synchronous = FULL").execute()
  writer.newQuery("PRAGMA synchronous").one(found)
  writer.newQuery("PRAGMA journal_mode").one(found)
  return event.json(200, { synchronous: found.synchronous, journal: found.journal_mode })
})
