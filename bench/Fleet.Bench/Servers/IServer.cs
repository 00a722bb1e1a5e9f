namespace Fleet.Bench.Servers;

/// <summary>A server that contenders need, started once for the whole bench; each round of a contender has a fresh place on it.</summary>
internal interface IServer : IAsyncDisposable
{
    /// <summary>As the table names it.</summary>
    string Name { get; }

    /// <summary>Its process; its children count with it.</summary>
    int ProcessId { get; }

    string Version { get; }

    Task StartAsync(string folder);

    /// <summary>Makes an empty place: a database, a virtual host, an emptied Redis.</summary>
    /// <returns>What drivers find it by, as environment variables.</returns>
    Task<IReadOnlyDictionary<string, string>> FreshAsync();

    /// <summary>Takes the place away.</summary>
    Task ClearAsync();
}
