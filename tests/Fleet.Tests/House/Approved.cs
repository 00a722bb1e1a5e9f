
namespace Fleet.Tests.House;

/// <summary>Compares a text with its approved file; a mismatch leaves the received text beside it.</summary>
internal static class Approved
{
    /// <param name="received">What the code gives now.</param>
    /// <param name="approved">The name of the approved file, such as <c>Contracts.approved.txt</c>.</param>
    public static void Check(string received, string approved)
    {
        var approvedFile = Repository.HouseFile(approved);
        var receivedFile = Repository.HouseFile(approved.Replace(".approved.", ".received.", StringComparison.Ordinal));
        var now = Normalize(received);
        var before = File.Exists(approvedFile) ? Normalize(File.ReadAllText(approvedFile)) : "";
        if (now == before)
        {
            File.Delete(receivedFile);
            return;
        }

        File.WriteAllText(receivedFile, now);
        Assert.Fail(
            $"{approved} no longer tells the truth; {FirstDifference(before, now)} If the change is meant, approve it: mv "
                + $"{Show(receivedFile)} {Show(approvedFile)}");
    }

    private static string Normalize(string text) => text.ReplaceLineEndings("\n").TrimEnd() + "\n";

    private static string Show(string file) => Path.GetRelativePath(Repository.Root, file);

    private static string FirstDifference(string before, string now)
    {
        var (old, current) = (before.Split('\n'), now.Split('\n'));
        var line = 0;
        while (line < old.Length && line < current.Length && old[line] == current[line])
            line++;
        return $"line {line + 1} was '{At(old, line)}' and is '{At(current, line)}'.";

        static string At(string[] lines, int index) => index < lines.Length ? lines[index].Trim() : "(nothing)";
    }
}
