document.getElementById("language").addEventListener("click", function () {
  var root = document.documentElement;
  var next = root.getAttribute("data-lang") === "zh" ? "en" : "zh";
  root.setAttribute("data-lang", next);
  root.setAttribute("lang", next === "zh" ? "zh-CN" : "en");
});
