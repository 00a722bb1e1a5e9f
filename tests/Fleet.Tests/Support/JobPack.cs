using Fleet.Tests.House;

namespace Fleet.Tests.Support;

/// <summary>The built assembly of <c>tests/Fleet.JobPack</c>, which no program references; and those of a pack in two versions.</summary>
internal static class JobPack
{
    private static readonly string Configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!;

    /// <summary>Where the first attempt of <c>pack.order</c> kills its process, in the order of the road.</summary>
    public static readonly string[] KillPoints =
        ["firstLine", "beforeSave", "afterSave", "beforeCommit", "afterCommit", "afterComplete", "afterReturn"];

    /// <summary>Puts a copy into a folder.</summary>
    /// <param name="folder">The jobs folder.</param>
    /// <param name="place">The path in it.</param>
    public static void DropInto(TempFolder folder, string place = "Fleet.JobPack.dll")
    {
        var file = Path.Combine(folder.Path, place);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(Built("Fleet.JobPack"), file);
    }

    /// <summary>Puts a copy of the pack <c>Fleet.RollingPack</c> into a folder.</summary>
    /// <param name="folder">The jobs folder.</param>
    /// <param name="version"><c>V1</c> or <c>V2</c>.</param>
    public static void DropVersionInto(TempFolder folder, string version) =>
        File.Copy(Built($"Fleet.RollingPack.{version}"), Path.Combine(folder.Path, $"Fleet.RollingPack.{version}.dll"));

    private static string Built(string project) =>
        Path.Combine(Repository.Root, "tests", project, "bin", Configuration, "net10.0", project + ".dll");
}
