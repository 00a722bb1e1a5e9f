namespace Fleet.Client;

/// <summary>Where the Fleet server is, and how long to wait for it. Bound from <c>Fleet:Client</c>; code wins.</summary>
public sealed class FleetClientOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Fleet:Client";

    /// <summary>The server's address, <c>http</c> or <c>https</c>, with the path in front of <c>/api/v1</c> if there is one. Required. A
    /// user and a password in it are sent as basic authentication, and are never shown.</summary>
    public Uri? Server { get; set; }

    /// <summary>How long one request may take: 1 s to 10 min. Default: 30 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is repeated when the server does not answer: 0–10. Default: 3. Only what can be repeated without harm
    /// is; an enqueue can, because it has an idempotency key.</summary>
    public int Retries { get; set; } = 3;

    /// <summary>The person who makes changes: up to 128 printable ASCII characters. Default: none; the program makes them, under its
    /// name.</summary>
    public string? User { get; set; }

    /// <summary>What is wrong, one sentence per setting.</summary>
    internal IEnumerable<string> Check()
    {
        if (Server is null)
            yield return $"{Section}:Server is missing; it is the address of the Fleet server, such as http://fleet.example.com:8710.";
        else if (!Server.IsAbsoluteUri || Server.Scheme is not ("http" or "https"))
            yield return $"{Section}:Server: '{ServerAddress.Show(Server)}' is not allowed; allowed is http://host:port or https.";
        if (Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromMinutes(10))
            yield return $"{Section}:Timeout: '{Timeout}' is not allowed; allowed is 00:00:01 to 00:10:00.";
        if (Retries is < 0 or > 10)
            yield return $"{Section}:Retries: '{Retries}' is not allowed; allowed is 0–10.";
        if (User is { } user && (user.Length is 0 or > 128 || !user.All(c => c is >= ' ' and <= '~')))
            yield return $"{Section}:User is not allowed; allowed are 1–128 printable ASCII characters.";
    }
}
