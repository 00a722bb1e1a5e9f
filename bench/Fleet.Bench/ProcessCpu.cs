using System.Globalization;

namespace Fleet.Bench;

/// <summary>What processes have used, with all of their children: those that live, and those that ended and were waited for.</summary>
internal static class ProcessCpu
{
    // USER_HZ, which is 100 on every Linux that .NET runs on.
    private const double MicrosPerTick = 10_000;

    private const int MaxReadings = 10;

    /// <summary>CPU time of each tree so far, in microseconds.</summary>
    /// <param name="roots">Name and id of each tree's first process.</param>
    public static Dictionary<string, double> Read(IEnumerable<(string Name, int Id)> roots)
    {
        // What ends while it is read is missing from its parent's time and from the list: read until nothing ended.
        (string Name, int Id)[] trees = [.. roots];
        var all = ReadAll();
        for (var reading = 1; reading < MaxReadings; reading++)
        {
            var before = all;
            all = ReadAll();
            if (Array.TrueForAll(trees, tree => Tree(tree.Id, before).All(p => all.ContainsKey(p.Id))))
                break;
        }

        return trees.ToDictionary(tree => tree.Name, tree => Tree(tree.Id, all).Sum(p => p.Ticks) * MicrosPerTick);
    }

    /// <summary>Resident memory of a tree, in MiB. Pages that its processes share count in each.</summary>
    public static double Memory(int root) => Tree(root, ReadAll()).Sum(p => ResidentKilobytes(p.Id)) / 1024.0;

    private static IEnumerable<Usage> Tree(int root, IReadOnlyDictionary<int, Usage> all)
    {
        var open = new Stack<int>([root]);
        var children = all.Values.ToLookup(p => p.Parent);
        while (open.TryPop(out var id))
        {
            if (!all.TryGetValue(id, out var usage))
                continue;
            yield return usage;
            foreach (var child in children[id])
                open.Push(child.Id);
        }
    }

    private static Dictionary<int, Usage> ReadAll()
    {
        var all = new Dictionary<int, Usage>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
                continue;
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                // The second field is a name, which may contain anything.
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                // From the third field on: 4 is the parent, 14 to 17 are utime, stime, cutime, cstime.
                long Field(int number) => long.Parse(fields[number - 3], CultureInfo.InvariantCulture);
                all[id] = new Usage(id, (int)Field(4), Field(14) + Field(15) + Field(16) + Field(17));
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return all;
    }

    private static long ResidentKilobytes(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private readonly record struct Usage(int Id, int Parent, long Ticks);
}
