using Fleet.Tests.House;

namespace Fleet.Tests.Deploy;

/// <summary>A stage of the Dockerfile.</summary>
/// <param name="Name">What others call it by.</param>
/// <param name="From">The image or the stage that it begins with.</param>
/// <param name="Steps">Its instructions: the word, and what follows it.</param>
internal sealed record Stage(string Name, string From, IReadOnlyList<(string Word, string Text)> Steps)
{
    /// <summary>The files and folders it takes from the checkout.</summary>
    public IEnumerable<string> Copies => Steps
        .Where(step => step.Word == "COPY" && !step.Text.StartsWith("--from", StringComparison.Ordinal))
        .SelectMany(step => step.Text.Split(' ')[..^1])
        .Select(path => path.TrimEnd('/'));

    /// <summary>What stands last behind a word; null when it is not there.</summary>
    public string? Last(string word) => Steps.LastOrDefault(step => step.Word == word).Text;
}

/// <summary>The Dockerfile at the top of the checkout.</summary>
internal static class Dockerfile
{
    /// <summary>Its stages, in order.</summary>
    public static IReadOnlyList<Stage> Read()
    {
        var stages = new List<Stage>();
        var text = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")).Replace("\\\n", "", StringComparison.Ordinal);
        foreach (var line in text.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var (word, rest) = (
                line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            if (word == "FROM" && rest.Split(" AS ") is [var from, var name])
                stages.Add(new Stage(name, from, new List<(string, string)>()));
            else
                ((List<(string, string)>)stages[^1].Steps).Add((word, rest));
        }

        return stages;
    }

    /// <summary>A stage and those it begins with, the nearest first.</summary>
    public static IEnumerable<Stage> Line(string target)
    {
        var stages = Read();
        for (var stage = stages.FirstOrDefault(s => s.Name == target); stage is not null; stage = stages.FirstOrDefault(
            s => s.Name == stage.From))
            yield return stage;
    }
}
