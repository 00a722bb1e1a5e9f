namespace Fleet.Core.Storage;

/// <summary>What a database server has to give in connections, as one look at it shows.</summary>
/// <param name="Usable">How many it allows to programs such as this one.</param>
/// <param name="Used">How many of these are open.</param>
/// <param name="Foreign">How many of the open ones are not Fleet's.</param>
/// <param name="Workers">How many workers are alive; at least 1.</param>
public sealed record ConnectionRoom(int Usable, int Used, int Foreign, int Workers);

/// <summary>How many connections a process may spend on transactions of handlers, so that all workers together stay within what the
/// server allows.</summary>
public static class ConnectionShare
{
    /// <summary>Connections that each worker needs beside transactions of handlers: heartbeat, claims, completions, and one for the
    /// rest.</summary>
    public const int OfWorker = 4;

    /// <summary>Connections that are left to schedulers and their API.</summary>
    public const int OfSchedulers = 10;

    /// <summary>Connections that nobody plans with: a twentieth of all, at least three.</summary>
    public static int Headroom(int usable) => Math.Max(3, usable / 20);

    /// <summary>The share of one worker; at least 1.</summary>
    /// <param name="room">What the server has.</param>
    /// <param name="mostOpen">The most transactions that this process had open at once since the look before.</param>
    public static int Of(ConnectionRoom room, int mostOpen)
    {
        var workers = Math.Max(1, room.Workers);
        var planned = room.Usable - Headroom(room.Usable) - OfSchedulers - room.Foreign;
        var fair = (planned / workers) - OfWorker;
        // Half is enough for one: workers that are only just starting have to get in.
        fair = Math.Min(fair, room.Usable / 2);
        // Others may have taken more than the plan gives them. What is free is shared; what this process has open is its own already.
        var free = room.Usable - Headroom(room.Usable) - room.Used;
        return Math.Max(1, Math.Min(fair, Math.Max(mostOpen, 1) + (int)Math.Floor((double)free / workers)));
    }
}
